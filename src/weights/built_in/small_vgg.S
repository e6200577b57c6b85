/* small-vgg.safetensors, byte for byte: from impasto_small_vgg to impasto_small_vgg_end.
   For GNU as and clang, ELF. The symbols are hidden: only the library sees them. */

    .section .rodata.impasto_small_vgg, "a", %progbits
    .balign 64

    .globl impasto_small_vgg
    .hidden impasto_small_vgg
    .type impasto_small_vgg, %object
impasto_small_vgg:
    .incbin IMPASTO_SMALL_VGG
    .size impasto_small_vgg, . - impasto_small_vgg

    .globl impasto_small_vgg_end
    .hidden impasto_small_vgg_end
    .type impasto_small_vgg_end, %object
impasto_small_vgg_end:
    .byte 0
    .size impasto_small_vgg_end, 1

/* Without this note the linker would make the program's stack executable. */
    .section .note.GNU-stack, "", %progbits
