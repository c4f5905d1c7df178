"""The way-point teacher: the steps of a spec, solved by inverse kinematics from where things are now."""
