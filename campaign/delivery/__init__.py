"""What is planned is opened, worked and settled here."""
