#include "model/torch_status.h"

#include <c10/util/Exception.h>

#include <new>
#include <stdexcept>

#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::StatusIs;

constexpr c10::SourceLocation kHere = {"here", "here", 1};

template <typename Error>
absl::Status StatusOf(const Error& error) {
  try {
    throw error;
  } catch (...) {
    return StatusOfTorchException();
  }
}

TEST(TorchStatusTest, MemoryIsResourceExhausted) {
  EXPECT_THAT(StatusOf(std::bad_alloc()), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(StatusOf(c10::OutOfMemoryError(kHere, "CUDA out of memory")),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(StatusOf(c10::Error(kHere, "DefaultCPUAllocator: not enough memory")),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(TorchStatusTest, ACudaErrorThatPoisonsTheProcessIsAborted) {
  for (const int code : {700, 710, 719, 999}) {
    EXPECT_THAT(StatusOf(c10::AcceleratorError(kHere, code, "an illegal address")),
                StatusIs(absl::StatusCode::kAborted, HasSubstr("an illegal address")))
        << code;
  }
  for (const int code : {1, 9, 98}) {
    EXPECT_THAT(StatusOf(c10::AcceleratorError(kHere, code, "an invalid argument")),
                StatusIs(absl::StatusCode::kInternal))
        << code;
  }
}

TEST(TorchStatusTest, AnythingElseIsInternalInOneLine) {
  EXPECT_THAT(StatusOf(c10::Error(kHere, "shapes differ\nsecond line")),
              StatusIs(absl::StatusCode::kInternal,
                       AllOf(HasSubstr("shapes differ"), Not(HasSubstr("second line")))));
  EXPECT_THAT(StatusOf(std::runtime_error("odd")),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("odd")));
}

}  // namespace
}  // namespace assay
