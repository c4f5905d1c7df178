"""The teacher of robots that drive: it knows the map, follows the best way and gives way to people."""
