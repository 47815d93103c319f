// The shared library of the CUDA kernels: all of them, behind the one name that it exports.
#include "model/kernels/add_rms_norm.cuh"
#include "model/kernels/gather_rows.cuh"
#include "model/kernels/rotate.cuh"
#include "model/kernels/swiglu.cuh"

extern "C" __attribute__((visibility("default"))) const AssayKernelTable* AssayKernels(void) {
  static const AssayKernelTable table = {
      .version = ASSAY_KERNEL_TABLE_VERSION,
      .add_rms_norm = assay::kernels::AddRmsNorm,
      .rotate = assay::kernels::Rotate,
      .swiglu = assay::kernels::SwiGlu,
      .copy_rows = assay::kernels::CopyRows,
      .gather_rows = assay::kernels::GatherRows,
      .error_text = assay::kernels::ErrorText,
  };
  return &table;
}
