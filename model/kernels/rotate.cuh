// model/kernels/rotate.cuh
// The rotary embedding of queries and keys where the merged product left them: each pair is read and written by one
// thread, and values are not touched, so that nothing is split or copied.
#ifndef ASSAY_MODEL_KERNELS_ROTATE_CUH_
#define ASSAY_MODEL_KERNELS_ROTATE_CUH_

#include "model/kernels/rows.cuh"

namespace assay::kernels {

template <int V, typename T>
__global__ void RotateKernel(T* rows_of_heads, const float* cosine, const float* sine,
                             const int32_t* positions, int64_t row_size, int64_t heads,
                             int64_t half) {
  T* const row = rows_of_heads + blockIdx.x * row_size;
  const int64_t angles = positions[blockIdx.x] * half;
  OverColumns<V>(heads * half, [&](int64_t pair) {
    const int64_t i = pair % half;
    T* const first = row + pair / half * 2 * half + i;
    float a[V], b[V], c[V], s[V], turned_a[V], turned_b[V];
    Load(first, a);
    Load(first + half, b);
    Load(cosine + angles + i, c);
    Load(sine + angles + i, s);
#pragma unroll
    for (int k = 0; k < V; ++k) {
      turned_a[k] = a[k] * c[k] - b[k] * s[k];
      turned_b[k] = b[k] * c[k] + a[k] * s[k];
    }
    Store(turned_a, first);
    Store(turned_b, first + half);
  });
}

inline int Rotate(const AssayRotate* a, int device, void* stream) {
  return WithInput(a->element, [&](auto* element) {
    using T = std::remove_pointer_t<decltype(element)>;
    const bool vectors =
        a->row_size % kVector == 0 && TakesVectors(a->half, {a->rows_of_heads, a->cosine, a->sine});
    const auto kernel = vectors ? RotateKernel<kVector, T> : RotateKernel<1, T>;
    return Launch(kernel, a->rows, BlockFor(a->heads * a->half, vectors ? kVector : 1), device,
                  stream, static_cast<T*>(a->rows_of_heads), a->cosine, a->sine, a->positions,
                  a->row_size, a->heads, a->half);
  });
}

}  // namespace assay::kernels

#endif  // ASSAY_MODEL_KERNELS_ROTATE_CUH_
