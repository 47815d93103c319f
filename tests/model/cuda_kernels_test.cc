// The library itself: that it is found, and what it says where there is no device. What its kernels compute is proved by
// tests/model/kernels/kernels_test.cc.
#include "model/cuda_kernels.h"

#include <stdexcept>

#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

TEST(CudaKernelsTest, AreThereExactlyWhereTheBuildMadeThem) {
  ASSERT_OK(LoadCudaKernels());
  const AssayKernelTable* const kernels = CudaKernels();
  ASSERT_EQ(kernels != nullptr, ASSAY_HAS_CUDA_KERNELS);
  if (kernels == nullptr) return;
  EXPECT_EQ(kernels->version, ASSAY_KERNEL_TABLE_VERSION);
  EXPECT_NE(kernels->add_rms_norm, nullptr);
  EXPECT_NE(kernels->rotate, nullptr);
  EXPECT_NE(kernels->swiglu, nullptr);
  EXPECT_NE(kernels->copy_rows, nullptr);
  EXPECT_NE(kernels->gather_rows, nullptr);
  EXPECT_STRNE(kernels->error_text(1), "");
}

TEST(CudaKernelsTest, NoErrorIsNoException) { EXPECT_NO_THROW(CheckKernel(0)); }

#if ASSAY_HAS_CUDA_KERNELS
TEST(CudaKernelsTest, AKernelThatCannotBeStartedIsAnErrorWithWords) {
  ASSERT_OK(LoadCudaKernels());
  AssayCopyRows nothing = {};
  nothing.rows = 1;
  const int no_such_device = 9999;
  const int error = CudaKernels()->copy_rows(&nothing, no_such_device, nullptr);
  ASSERT_NE(error, 0);
  EXPECT_THROW(CheckKernel(error), std::runtime_error);
}
#endif

}  // namespace
}  // namespace assay
