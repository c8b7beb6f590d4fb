"""The published schema says what the declarations say, no more and no less."""
