"""The calls, by what they are about; `store/base.py` has them all."""
