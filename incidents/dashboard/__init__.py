"""What the dashboard says, in a number of questions that does not depend on how many environments there are (U3)."""
