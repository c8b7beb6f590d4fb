"""What a record is: field types, record kinds, code lists, validation, merge policy.

Pure data and pure functions. Nothing here does input or output, and nothing here imports another
room of the project. Everything else (tables, forms, lists, spreadsheet headings, merging,
permissions) is read from the declarations in `schema.kinds`; a field's name is written down once,
there.
"""
