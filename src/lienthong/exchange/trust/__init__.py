"""Who may take part, and how that is known offline. Front desks: ``joining``, ``entering``, ``rotating``, ``cutting``,
``arriving``, ``state``; see ``README.md``."""
