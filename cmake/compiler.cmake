# Warnings and sanitizers for the project's own targets; nobody who links impasto inherits them.
function(impasto_warnings target)
  # GCC 12 warns wrongly of overlap in "text" + std::string: gcc.gnu.org/PR105651; GCC 11 of reading
  # past the end in std::string_view::find.
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
    -Wno-sign-conversion $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
    $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overread>
    $<$<BOOL:${IMPASTO_WERROR}>:-Werror>)
endfunction()

if(IMPASTO_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
