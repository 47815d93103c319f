#include "server/option_table.h"

#include <set>
#include <string>

#include "gmock/gmock.h"

namespace assay {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;

TEST(OptionTableTest, EveryOptionHasANameOfItsOwnAUnitAGroupAndHelp) {
  std::set<std::string> names;
  for (const Option& option : OptionTable()) {
    EXPECT_TRUE(names.insert(option.name).second) << option.name;
    EXPECT_THAT(std::string(option.unit), Not(IsEmpty())) << option.name;
    EXPECT_THAT(std::string(option.group), Not(IsEmpty())) << option.name;
    EXPECT_THAT(std::string(option.help), Not(IsEmpty())) << option.name;
  }
}

TEST(OptionTableTest, EveryNumberHasARangeAndNothingElseHas) {
  for (const Option& option : OptionTable()) {
    const bool number =
        option.kind() == OptionKind::kInteger || option.kind() == OptionKind::kSeconds;
    EXPECT_EQ(option.low < option.high, number) << option.name;
  }
}

TEST(OptionTableTest, NoTwoOptionsSetTheSameField) {
  for (const Option& a : OptionTable()) {
    for (const Option& b : OptionTable()) {
      EXPECT_EQ(a.member == b.member, &a == &b) << a.name << " and " << b.name;
    }
  }
}

TEST(OptionTableTest, KindsFollowTheFields) {
  EXPECT_EQ(FindOption("listen")->kind(), OptionKind::kText);
  EXPECT_EQ(FindOption("model")->kind(), OptionKind::kText);
  EXPECT_EQ(FindOption("dtype")->kind(), OptionKind::kChoice);
  EXPECT_EQ(FindOption("workers")->kind(), OptionKind::kInteger);
  EXPECT_EQ(FindOption("max_responses")->kind(), OptionKind::kInteger);
  EXPECT_EQ(FindOption("lame_duck")->kind(), OptionKind::kSeconds);
  EXPECT_EQ(FindOption("insecure")->kind(), OptionKind::kSwitch);
  EXPECT_EQ(FindOption("deterministic")->kind(), OptionKind::kSwitch);
  EXPECT_TRUE(FindOption("listen")->OfServer());
  EXPECT_FALSE(FindOption("deterministic")->OfServer());
}

TEST(OptionTableTest, ANameIsFoundExactlyOrNotAtAll) {
  EXPECT_STREQ(FindOption("max_batch_tokens")->name, "max_batch_tokens");
  EXPECT_EQ(FindOption("max_batch_token"), nullptr);
  EXPECT_EQ(FindOption("Listen"), nullptr);
  EXPECT_EQ(FindOption(""), nullptr);
}

TEST(OptionTableTest, FlagsAndVariablesAreSpelledAfterTheName) {
  EXPECT_EQ(FlagOf("max_batch_tokens"), "--max-batch-tokens");
  EXPECT_EQ(VariableOf("max_batch_tokens"), "ASSAY_MAX_BATCH_TOKENS");
}

}  // namespace
}  // namespace assay
