#include "server/nearest_name.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace assay {
namespace {

const std::vector<std::string> kNames = {"model", "max_batch_tokens", "max_queued_tokens",
                                         "tokens"};

TEST(NearestNameTest, ALetterPutInLeftOutOrReplacedIsFound) {
  EXPECT_EQ(NearestName("max_batch_token", kNames), "max_batch_tokens");
  EXPECT_EQ(NearestName("max_batch_tokenss", kNames), "max_batch_tokens");
  EXPECT_EQ(NearestName("max-batch-tokens", kNames), "max_batch_tokens");
  EXPECT_EQ(NearestName("modle", {"modl"}), "modl");
}

TEST(NearestNameTest, TheNearerOfTwoWins) {
  EXPECT_EQ(NearestName("max_quetch_tokens", {"max_batch_tokens", "max_queued_tokens"}),
            "max_batch_tokens");
  EXPECT_EQ(NearestName("tokens", kNames), "tokens");
}

TEST(NearestNameTest, WhatIsFarFromAllIsNotGuessed) {
  EXPECT_EQ(NearestName("colour", kNames), "");
  EXPECT_EQ(NearestName("", kNames), "");
  EXPECT_EQ(NearestName("abc", {}), "");
  EXPECT_EQ(NearestName(std::string(100000, 'x'), kNames), "");
}

}  // namespace
}  // namespace assay
