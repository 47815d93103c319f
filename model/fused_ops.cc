#include "model/fused_ops.h"

#include <ATen/ATen.h>

#include "model/cuda_kernels.h"
#include "model/device_stream.h"

namespace assay {
namespace {

const AssayKernelTable* kernels_on_cpu = nullptr;

// The kernels, where they can work on `x`.
const AssayKernelTable* KernelsFor(const at::Tensor& x) {
  return x.is_cuda() ? CudaKernels() : kernels_on_cpu;
}

int DeviceNumber(const at::Tensor& x) { return x.device().index(); }
void* StreamOf(const at::Tensor& x) {
  return x.is_cuda() ? CurrentCudaStream(x.device()) : nullptr;
}

AssayElement ElementOf(at::ScalarType dtype) {
  if (dtype == at::kFloat) return ASSAY_FLOAT32;
  return dtype == kFloat8 ? ASSAY_FLOAT8_E4M3 : ASSAY_BFLOAT16;
}

ScaledRows EmptyRows(int64_t rows, int64_t columns, at::ScalarType dtype, at::Device device) {
  ScaledRows empty;
  empty.values = at::empty({rows, columns}, at::TensorOptions().dtype(dtype).device(device));
  if (dtype == kFloat8) {
    empty.scales = at::empty({rows, 1}, at::TensorOptions().dtype(at::kFloat).device(device));
  }
  return empty;
}

AssayOutput OutputTo(const ScaledRows& rows) {
  return {.values = rows.values.data_ptr(),
          .scales = rows.scales.defined() ? rows.scales.mutable_data_ptr<float>() : nullptr,
          .element = ElementOf(rows.values.scalar_type())};
}

}  // namespace

ScaledRows AddRmsNorm(at::Tensor& x, const at::Tensor& delta, const at::Tensor& weight, double eps,
                      at::ScalarType dtype) {
  if (const AssayKernelTable* kernels = KernelsFor(x)) {
    const ScaledRows out = EmptyRows(x.size(0), x.size(1), dtype, x.device());
    const AssayAddRmsNorm arguments = {
        .x = x.mutable_data_ptr<float>(),
        .delta = delta.defined() ? delta.const_data_ptr() : nullptr,
        .delta_element = delta.defined() ? ElementOf(delta.scalar_type()) : ASSAY_FLOAT32,
        .weight = weight.const_data_ptr<float>(),
        .eps = static_cast<float>(eps),
        .out = OutputTo(out),
        .rows = x.size(0),
        .columns = x.size(1)};
    CheckKernel(kernels->add_rms_norm(&arguments, DeviceNumber(x), StreamOf(x)));
    return out;
  }
  if (delta.defined()) x.add_(delta);
  if (dtype == kFloat8) return QuantizeRows(RmsNorm(x, weight, eps, at::kFloat));
  return {.values = RmsNorm(x, weight, eps, dtype), .scales = {}};
}

RotatedHeads RotateHeads(at::Tensor& qkv, const RotaryTable& table, const at::Tensor& positions,
                         HeadCounts heads) {
  const at::Tensor by_head = qkv.unflatten(1, {-1, heads.dimension});
  const int64_t turned = heads.queries + heads.keys;
  if (const AssayKernelTable* kernels = KernelsFor(qkv)) {
    const AssayRotate arguments = {.rows_of_heads = qkv.data_ptr(),
                                   .element = ElementOf(qkv.scalar_type()),
                                   .cosine = table.cos.const_data_ptr<float>(),
                                   .sine = table.sin.const_data_ptr<float>(),
                                   .positions = positions.const_data_ptr<int32_t>(),
                                   .rows = qkv.size(0),
                                   .row_size = qkv.size(1),
                                   .heads = turned,
                                   .half = heads.dimension / 2};
    CheckKernel(kernels->rotate(&arguments, DeviceNumber(qkv), StreamOf(qkv)));
  } else {
    const at::Tensor place = by_head.narrow(1, 0, turned);
    place.copy_(
        Rotate(place, table.cos.index_select(0, positions), table.sin.index_select(0, positions)));
  }
  return {.q = by_head.narrow(1, 0, heads.queries),
          .k = by_head.narrow(1, heads.queries, heads.keys),
          .v = by_head.narrow(1, turned, heads.keys)};
}

ScaledRows SwiGluOf(const at::Tensor& gate_up, at::ScalarType dtype) {
  const int64_t columns = gate_up.size(1) / 2;
  if (const AssayKernelTable* kernels = KernelsFor(gate_up)) {
    const ScaledRows out = EmptyRows(gate_up.size(0), columns, dtype, gate_up.device());
    const AssaySwiGlu arguments = {.gate_up = gate_up.const_data_ptr(),
                                   .element = ElementOf(gate_up.scalar_type()),
                                   .out = OutputTo(out),
                                   .rows = gate_up.size(0),
                                   .columns = columns};
    CheckKernel(kernels->swiglu(&arguments, DeviceNumber(gate_up), StreamOf(gate_up)));
    return out;
  }
  const at::Tensor gate = gate_up.narrow(1, 0, columns);
  const at::Tensor up = gate_up.narrow(1, columns, columns);
  if (dtype == kFloat8) return QuantizeRows(SwiGlu(gate.to(at::kFloat), up.to(at::kFloat)));
  return {.values = SwiGlu(gate, up), .scales = {}};
}

ScaledRows RowsAs(const at::Tensor& x, at::ScalarType dtype) {
  if (dtype != kFloat8) return {.values = x, .scales = {}};
  const AssayKernelTable* kernels = KernelsFor(x);
  if (kernels == nullptr) return QuantizeRows(x);
  const at::Tensor source = x.contiguous();
  const ScaledRows out = EmptyRows(x.size(0), x.size(1), dtype, x.device());
  const AssayCopyRows arguments = {.x = source.const_data_ptr(),
                                   .element = ElementOf(x.scalar_type()),
                                   .out = OutputTo(out),
                                   .rows = x.size(0),
                                   .columns = x.size(1)};
  CheckKernel(kernels->copy_rows(&arguments, DeviceNumber(x), StreamOf(x)));
  return out;
}

at::Tensor GatherRows(const at::Tensor& x, const at::Tensor& rows) {
  const AssayKernelTable* kernels = KernelsFor(x);
  if (kernels == nullptr) return x.index_select(0, rows);
  at::Tensor out = at::empty({rows.size(0), x.size(1), x.size(2)}, x.options());
  const int64_t element = static_cast<int64_t>(x.element_size());
  const AssayGatherRows arguments = {.source = x.const_data_ptr(),
                                     .stride = x.stride(0) * element,
                                     .rows = rows.const_data_ptr<int32_t>(),
                                     .out = out.data_ptr(),
                                     .row_bytes = x.size(1) * x.size(2) * element,
                                     .count = rows.size(0)};
  CheckKernel(kernels->gather_rows(&arguments, DeviceNumber(x), StreamOf(x)));
  return out;
}

void UseKernelsOnCpu(const AssayKernelTable* kernels) { kernels_on_cpu = kernels; }

}  // namespace assay
