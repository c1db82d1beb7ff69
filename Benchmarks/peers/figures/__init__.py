"""The peers' side of each row: a function that prepares the work and gives a function that does some of it and says how
many units it did."""
