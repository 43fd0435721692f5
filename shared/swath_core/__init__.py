"""The domain of Swath: a catalog of georeferenced images on cloud functions.

One package per concern. Functions import these packages; these packages never
import a function, and none of them sees an AWS event.
"""
