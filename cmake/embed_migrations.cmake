# Writes each migration as an initializer {"NNNN_name", R"sql(...)sql"}, in the order of their names.
file(WRITE ${OUTPUT} "")
separate_arguments(MIGRATIONS)
list(SORT MIGRATIONS)
foreach(path ${MIGRATIONS})
  get_filename_component(name ${path} NAME_WE)
  file(READ ${path} text)
  # A string literal has a length limit in the standard's eyes; pieces of a file are joined by the compiler.
  string(REPLACE "\n\n" "\n)sql\" R\"sql(\n" text "${text}")
  file(APPEND ${OUTPUT} "{\"${name}\", R\"sql(${text})sql\"},\n")
endforeach()
