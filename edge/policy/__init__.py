"""Risk: signs that a visit is unlike others, the level they come to, and the step-ups that it asks for."""
