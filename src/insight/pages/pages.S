/* The files of this folder, byte for byte: from impasto_page_NAME to impasto_page_NAME_end.
   For GNU as and clang, ELF. The symbols are hidden: only the library sees them. */

    .macro embed name, file
    .globl impasto_page_\name
    .hidden impasto_page_\name
    .type impasto_page_\name, %object
impasto_page_\name:
    .incbin "\file"
    .size impasto_page_\name, . - impasto_page_\name

    .globl impasto_page_\name\()_end
    .hidden impasto_page_\name\()_end
    .type impasto_page_\name\()_end, %object
impasto_page_\name\()_end:
    .byte 0
    .size impasto_page_\name\()_end, 1
    .endm

    .section .rodata.impasto_pages, "a", %progbits

    embed page_html, page.html
    embed page_css, page.css
    embed page_js, page.js
    embed report_html, report.html
    embed report_css, report.css
    embed report_js, report.js
    embed explain_html, explain.html
    embed explain_css, explain.css
    embed explain_js, explain.js

/* Without this note the linker would make the program's stack executable. */
    .section .note.GNU-stack, "", %progbits
