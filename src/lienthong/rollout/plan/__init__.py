"""The plan: tasks, what they wait for, meetings, difficulties, templates, deadlines."""
