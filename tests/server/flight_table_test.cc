#include "server/flight_table.h"

#include <memory>
#include <vector>

#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using testing::StatusIs;

ConversationKey Key(int number) { return KeyOf("model", {}, {.tokens = {number}, .gate_at = 0}); }

std::vector<FlightResult> Results(const std::vector<float>& scores) {
  std::vector<FlightResult> results;
  for (const float score : scores) {
    results.push_back({.score = RewardScore{.score = score}});
  }
  return results;
}

class FlightTableTest : public ::testing::Test {
 protected:
  std::shared_ptr<FlightTable::Flight> Begin(std::vector<ConversationKey> keys) {
    return table_.Begin(std::move(keys), interest_);
  }
  bool Join(int key) {
    FlightTable::Landed landed = [this](absl::StatusOr<FlightResult> result) {
      landed_.push_back(std::move(result));
    };
    const bool joined = table_.Join(Key(key), {}, landed);
    EXPECT_EQ(landed == nullptr, joined);
    return joined;
  }

  FlightTable table_;
  std::shared_ptr<TaskInterest> interest_ = std::make_shared<TaskInterest>(Waiter());
  std::vector<absl::StatusOr<FlightResult>> landed_;
};

TEST_F(FlightTableTest, WhoJoinsGetsTheResultOfItsOwnKey) {
  const auto flight = Begin({Key(1), Key(2)});
  table_.Open(flight);
  EXPECT_TRUE(Join(2));
  EXPECT_FALSE(Join(3));
  table_.Land(flight, Results({10, 20}));
  ASSERT_EQ(landed_.size(), 1);
  EXPECT_EQ(landed_[0]->score->score, 20);
}

TEST_F(FlightTableTest, NobodyJoinsBeforeItIsOpenOrAfterItLanded) {
  const auto flight = Begin({Key(1)});
  EXPECT_FALSE(Join(1));
  table_.Open(flight);
  table_.Land(flight, Results({1}));
  EXPECT_FALSE(Join(1));
  EXPECT_TRUE(landed_.empty());
}

TEST_F(FlightTableTest, AFlightThatFailsTellsWhy) {
  const auto flight = Begin({Key(1), Key(2)});
  table_.Open(flight);
  EXPECT_TRUE(Join(1));
  EXPECT_TRUE(Join(2));
  table_.Land(flight, absl::UnavailableError("the server is stopping"));
  ASSERT_EQ(landed_.size(), 2);
  for (const auto& result : landed_) {
    EXPECT_THAT(result, StatusIs(absl::StatusCode::kUnavailable));
  }
}

TEST_F(FlightTableTest, NobodyJoinsWhatWasGivenUp) {
  const CancelFlag gone = std::make_shared<std::atomic<bool>>(true);
  interest_ = std::make_shared<TaskInterest>(Waiter{.cancelled = gone});
  const auto flight = Begin({Key(1)});
  table_.Open(flight);
  EXPECT_FALSE(interest_->Check(absl::Now()).ok());
  EXPECT_FALSE(Join(1));
  table_.Land(flight, absl::CancelledError("gone"));
}

TEST_F(FlightTableTest, ASecondFlightOfAKeyLeavesTheFirstAlone) {
  const auto first = Begin({Key(1)});
  table_.Open(first);
  const auto second = Begin({Key(1)});
  table_.Open(second);
  EXPECT_TRUE(Join(1));
  table_.Land(second, Results({2}));
  EXPECT_TRUE(landed_.empty());
  EXPECT_TRUE(Join(1));
  table_.Land(first, Results({1}));
  ASSERT_EQ(landed_.size(), 2);
  EXPECT_EQ(landed_[1]->score->score, 1);
  EXPECT_FALSE(Join(1));
}

}  // namespace
}  // namespace assay
