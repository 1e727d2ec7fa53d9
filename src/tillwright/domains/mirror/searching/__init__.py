"""What objects are searched by, brought up to date where the kinds' rows came to name other fields."""
