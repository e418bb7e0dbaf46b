"""Documents that travel between a hospital, the province and another hospital: IHE MHD, International Patient Summary.

Front desk: :mod:`.desk`.
"""
