"""Units that are renamed, founded, merged, ended or change their kind, from a day on; provinces that join."""
