# schema tables: see gen.py
