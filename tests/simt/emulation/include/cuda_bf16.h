#pragma once

// The emulated kernels convert with impasto::bfloat16; see core/types.cuh.
