// model/kernels/swiglu.cuh
// SwiGLU over the merged product of gate and up, and rows copied to another kind of number: both read a row and write one.
#ifndef ASSAY_MODEL_KERNELS_SWIGLU_CUH_
#define ASSAY_MODEL_KERNELS_SWIGLU_CUH_

#include "model/kernels/rows.cuh"

namespace assay::kernels {

template <int V, typename T, typename Out>
__global__ void SwiGluKernel(const T* gate_up, Out* out, float* scales, int64_t columns) {
  const T* const gate_row = gate_up + blockIdx.x * 2 * columns;
  const auto gated = [&](int64_t at, float(&values)[V]) {
    float gate[V];
    Load(gate_row + at, gate);
    Load(gate_row + columns + at, values);
#pragma unroll
    for (int i = 0; i < V; ++i) values[i] *= gate[i] / (1.0f + expf(-gate[i]));
  };
  WriteRow<V>(gated, out, scales, columns);
}

template <int V, typename T, typename Out>
__global__ void CopyRowsKernel(const T* x, Out* out, float* scales, int64_t columns) {
  const T* const row = x + blockIdx.x * columns;
  WriteRow<V>([&](int64_t at, float(&values)[V]) { Load(row + at, values); }, out, scales, columns);
}

inline int SwiGlu(const AssaySwiGlu* a, int device, void* stream) {
  return WithInput(a->element, [&](auto* element) {
    return WithOutput(a->out.element, [&](auto* out) {
      using T = std::remove_pointer_t<decltype(element)>;
      using Out = std::remove_pointer_t<decltype(out)>;
      const bool vectors = TakesVectors(a->columns, {a->gate_up, a->out.values});
      const auto kernel = vectors ? SwiGluKernel<kVector, T, Out> : SwiGluKernel<1, T, Out>;
      return Launch(kernel, a->rows, BlockFor(a->columns, vectors ? kVector : 1), device, stream,
                    static_cast<const T*>(a->gate_up), static_cast<Out*>(a->out.values),
                    a->out.scales, a->columns);
    });
  });
}

inline int CopyRows(const AssayCopyRows* a, int device, void* stream) {
  return WithInput(a->element, [&](auto* element) {
    return WithOutput(a->out.element, [&](auto* out) {
      using T = std::remove_pointer_t<decltype(element)>;
      using Out = std::remove_pointer_t<decltype(out)>;
      const bool vectors = TakesVectors(a->columns, {a->x, a->out.values});
      const auto kernel = vectors ? CopyRowsKernel<kVector, T, Out> : CopyRowsKernel<1, T, Out>;
      return Launch(kernel, a->rows, BlockFor(a->columns, vectors ? kVector : 1), device, stream,
                    static_cast<const T*>(a->x), static_cast<Out*>(a->out.values), a->out.scales,
                    a->columns);
    });
  });
}

}  // namespace assay::kernels

#endif  // ASSAY_MODEL_KERNELS_SWIGLU_CUH_
