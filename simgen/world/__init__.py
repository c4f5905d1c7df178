"""What is simulated: robots, scenes and the engines that step and draw them."""
