#include "base/status_macros.h"

#include <memory>

#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using testing::IsOk;
using testing::StatusIs;

absl::StatusOr<std::unique_ptr<int>> MakeOrFail(bool fail) {
  if (fail) return absl::DataLossError("lost");
  return std::make_unique<int>(7);
}

absl::Status Use(bool fail, int* out) {
  ASSAY_ASSIGN_OR_RETURN(std::unique_ptr<int> value, MakeOrFail(fail));
  *out = *value;
  ASSAY_RETURN_IF_ERROR(absl::OkStatus());
  return absl::OkStatus();
}

TEST(StatusMacrosTest, AValueIsMovedOutAndAnErrorIsReturnedUnchanged) {
  int out = 0;
  EXPECT_THAT(Use(false, &out), IsOk());
  EXPECT_EQ(out, 7);
  EXPECT_THAT(Use(true, &out), StatusIs(absl::StatusCode::kDataLoss, "lost"));
}

}  // namespace
}  // namespace assay
