"""What is wrong in the data, the files or the output: families Q, O, H, Z."""
