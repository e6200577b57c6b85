#pragma once

namespace impasto::bench {

/// FLOP a second of cuBLAS's product of two matrices of 8192×8192 in bfloat16 (on Turing, which
/// lacks it, float16), summed in float: the yardstick for whatever uses tensor cores. Measured when
/// first asked for, on this GPU, in this run.
[[nodiscard]] double matmul_rate();

}  // namespace impasto::bench
