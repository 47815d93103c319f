// model/kernels/add_rms_norm.cuh
// The residual addition and the norm after it in one pass: reads x and delta, writes x and the normed row. x is read again
// for the second half, by the thread that wrote it, from the cache.
#ifndef ASSAY_MODEL_KERNELS_ADD_RMS_NORM_CUH_
#define ASSAY_MODEL_KERNELS_ADD_RMS_NORM_CUH_

#include "model/kernels/rows.cuh"

namespace assay::kernels {

template <int V, typename Delta, typename Out>
__global__ void AddRmsNormKernel(float* x, const Delta* delta, const float* weight, float eps,
                                 Out* out, float* scales, int64_t columns) {
  float* const row = x + blockIdx.x * columns;
  float squares = 0;
  OverColumns<V>(columns, [&](int64_t at) {
    float values[V];
    Load(row + at, values);
    if (delta != nullptr) {
      float added[V];
      Load(delta + blockIdx.x * columns + at, added);
#pragma unroll
      for (int i = 0; i < V; ++i) values[i] += added[i];
      Store(values, row + at);
    }
#pragma unroll
    for (int i = 0; i < V; ++i) squares += values[i] * values[i];
  });
  const float scale = 1.0f / sqrtf(BlockSum(squares) / static_cast<float>(columns) + eps);
  const auto normed = [&](int64_t at, float(&values)[V]) {
    float weights[V];
    Load(row + at, values);
    Load(weight + at, weights);
#pragma unroll
    for (int i = 0; i < V; ++i) values[i] = values[i] * scale * weights[i];
  };
  WriteRow<V>(normed, out, scales, columns);
}

inline int AddRmsNorm(const AssayAddRmsNorm* a, int device, void* stream) {
  return WithInput(a->delta_element, [&](auto* delta) {
    return WithOutput(a->out.element, [&](auto* out) {
      using Delta = std::remove_pointer_t<decltype(delta)>;
      using Out = std::remove_pointer_t<decltype(out)>;
      const bool vectors = TakesVectors(a->columns, {a->x, a->delta, a->weight, a->out.values});
      const auto kernel =
          vectors ? AddRmsNormKernel<kVector, Delta, Out> : AddRmsNormKernel<1, Delta, Out>;
      return Launch(kernel, a->rows, BlockFor(a->columns, vectors ? kVector : 1), device, stream,
                    a->x, static_cast<const Delta*>(a->delta), a->weight, a->eps,
                    static_cast<Out*>(a->out.values), a->out.scales, a->columns);
    });
  });
}

}  // namespace assay::kernels

#endif  // ASSAY_MODEL_KERNELS_ADD_RMS_NORM_CUH_
