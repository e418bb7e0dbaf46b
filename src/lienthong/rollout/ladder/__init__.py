"""How far each unit has come, computed from traffic and never typed; what was declared beside what is proven."""
