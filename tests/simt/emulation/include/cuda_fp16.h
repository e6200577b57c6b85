#pragma once

// The emulated kernels convert with impasto::half; see core/types.cuh.
