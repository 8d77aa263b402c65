"""The lane: two doors of which one is shut, one person between them, and officers who are asked. Pure."""
