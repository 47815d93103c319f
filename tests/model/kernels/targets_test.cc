#include "model/kernels/targets.h"

#include <gtest/gtest.h>

#include "model/kernels/products.h"
#include "tests/model/kernels/instruction_sets.h"

namespace assay {
namespace {

class TargetsTest : public testing::InstructionSetTest {};

TEST_P(TargetsTest, KernelsFollowTheInstructionSetAndNeverUseOneThatIsNotThere) {
  if (GetParam() != HWY_AVX3_DL) {
    EXPECT_FALSE(HasInt8Products());
    EXPECT_LT(PanelColumns(), 64);
  } else {
    EXPECT_TRUE(HasInt8Products());
    EXPECT_EQ(PanelColumns(), 64);
  }
}

INSTANTIATE_TEST_SUITE_P(Sets, TargetsTest, ::testing::ValuesIn(testing::InstructionSets()),
                         testing::NameOfSet);

}  // namespace
}  // namespace assay
