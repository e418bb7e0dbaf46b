"""Django's SQLite, with an orderly queue of this process's writers."""
