"""What happened, made into notices for those who want to know."""
