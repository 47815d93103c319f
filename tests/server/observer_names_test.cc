#include "server/observer_names.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace assay {
namespace {

TEST(ObserverNamesTest, EveryReasonAndStageHasANameOfItsOwn) {
  std::set<std::string> names;
  for (Refusal reason : kRefusals) EXPECT_TRUE(names.insert(NameOf(reason)).second);
  EXPECT_EQ(names.size(), static_cast<size_t>(Refusal::kIdentity) + 1);
  names.clear();
  for (DeadlineStage stage : kDeadlineStages) EXPECT_TRUE(names.insert(NameOf(stage)).second);
  EXPECT_EQ(names.size(), static_cast<size_t>(DeadlineStage::kReply) + 1);
  EXPECT_EQ(names.count(""), 0);
}

}  // namespace
}  // namespace assay
