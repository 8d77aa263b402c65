"""Risk: signs that a visit is unlike others, the level they come to, and the ladder of what that asks for."""
