#include "model/revision.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

TEST(RevisionTest, IsTheHashOfTheFourHashesInTheirOrder) {
  EXPECT_EQ(
      ModelRevision({.weights = "aa", .config = "bb", .tokenizer = "cc", .chat_template = "dd"}),
      "14e308866a4f64c85e23790ed925a50aac6c48cc8eb94eece89e204354447873");
}

TEST(RevisionTest, ChangesWithEachOfTheFour) {
  const std::string base = ModelRevision({"a", "b", "c", "d"});
  EXPECT_NE(base, ModelRevision({"x", "b", "c", "d"}));
  EXPECT_NE(base, ModelRevision({"a", "x", "c", "d"}));
  EXPECT_NE(base, ModelRevision({"a", "b", "x", "d"}));
  EXPECT_NE(base, ModelRevision({"a", "b", "c", "x"}));
  EXPECT_NE(base, ModelRevision({"b", "a", "c", "d"}));
}

}  // namespace
}  // namespace assay
