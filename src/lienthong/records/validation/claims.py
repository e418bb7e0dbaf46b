from typing import Any
def of_extension(value,at,modifier): return []
def of_resource(r,p,ps): return []
def asked(r,p,ps): return []
