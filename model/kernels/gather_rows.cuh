// model/kernels/gather_rows.cuh
// Rows of a matrix by their numbers, in pieces of 16 bytes where they fit.
#ifndef ASSAY_MODEL_KERNELS_GATHER_ROWS_CUH_
#define ASSAY_MODEL_KERNELS_GATHER_ROWS_CUH_

#include "model/kernels/rows.cuh"

namespace assay::kernels {

template <typename Piece>
__global__ void GatherRowsKernel(const char* source, int64_t stride, const int32_t* rows, char* out,
                                 int64_t row_bytes) {
  const auto* const from = reinterpret_cast<const Piece*>(source + rows[blockIdx.x] * stride);
  auto* const to = reinterpret_cast<Piece*>(out + blockIdx.x * row_bytes);
  const auto pieces = static_cast<int64_t>(row_bytes / sizeof(Piece));
  OverColumns<1>(pieces, [&](int64_t at) { to[at] = from[at]; });
}

inline int GatherRows(const AssayGatherRows* a, int device, void* stream) {
  using Wide = Vector<uint32_t, 4>;
  const bool wide = a->row_bytes % 16 == 0 && a->stride % 16 == 0 &&
                    reinterpret_cast<uintptr_t>(a->source) % 16 == 0 &&
                    reinterpret_cast<uintptr_t>(a->out) % 16 == 0;
  const auto kernel = wide ? GatherRowsKernel<Wide> : GatherRowsKernel<uint8_t>;
  return Launch(kernel, a->count, BlockFor(a->row_bytes, wide ? 16 : 1), device, stream,
                static_cast<const char*>(a->source), a->stride, a->rows, static_cast<char*>(a->out),
                a->row_bytes);
}

}  // namespace assay::kernels

#endif  // ASSAY_MODEL_KERNELS_GATHER_ROWS_CUH_
