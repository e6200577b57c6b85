# The bytes of a file as read-only data of a target: from the symbol `symbol` to `symbol`_end, which
# only the target itself sees. Assembled again when the file changes. For GNU as and clang, ELF.
function(impasto_embed target symbol file)
  cmake_path(ABSOLUTE_PATH file)
  set(assembly ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.S)
  file(CONFIGURE OUTPUT ${assembly} @ONLY CONTENT [[
    .section .rodata.@symbol@, "a", %progbits
    .balign 64
    .globl @symbol@, @symbol@_end
    .hidden @symbol@, @symbol@_end
    .type @symbol@, %object
    .type @symbol@_end, %object
@symbol@:
    .incbin "@file@"
    .size @symbol@, . - @symbol@
@symbol@_end:
    .byte 0
    .size @symbol@_end, 1
    .section .note.GNU-stack, "", %progbits  /* or the linker makes the stack executable */
]])
  target_sources(${target} PRIVATE ${assembly})
  set_source_files_properties(${assembly} TARGET_DIRECTORY ${target}
    PROPERTIES OBJECT_DEPENDS ${file})
endfunction()
