"""The only place that knows every part: settings, doors, command line, who handles which message."""
