#include "server/warm_up.h"

#include <memory>
#include <set>
#include <thread>

#include "tests/testing/fake_clock.h"
#include "tests/testing/fake_encoder.h"
#include "tests/testing/fake_scorer.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::FakeClock;
using testing::FakeEncoder;
using testing::FakeScorer;
using ::testing::HasSubstr;
using testing::StatusIs;

class WarmUpTest : public ::testing::Test {
 protected:
  absl::StatusOr<double> Run(int64_t tokens, int64_t max_tokens = 4096) {
    return WarmUp(encoder_, {&first_, &second_}, tokens, max_tokens, &clock_);
  }

  FakeClock clock_;
  FakeEncoder encoder_;
  FakeScorer first_;
  FakeScorer second_;
};

TEST_F(WarmUpTest, EachScorerRunsOnePassOfTheLargestBatch) {
  ASSERT_OK(Run(5000));
  for (FakeScorer* scorer : {&first_, &second_}) {
    EXPECT_EQ(scorer->AwaitBatches(1).size(), 1);
    int64_t tokens = 0;
    std::set<TokenIds> different;
    for (const TokenIds& conversation : scorer->Scored()) {
      tokens += static_cast<int64_t>(conversation.size());
      different.insert(conversation);
    }
    EXPECT_NEAR(tokens, 5000, 50);
    EXPECT_EQ(different.size(), 3);
  }
}

TEST_F(WarmUpTest, NoConversationIsLongerThanTheModelTakes) {
  ASSERT_OK(Run(1000, 100));
  for (const TokenIds& conversation : first_.Scored()) EXPECT_LE(conversation.size(), 100);
  EXPECT_EQ(first_.Scored().size(), 10);
}

TEST_F(WarmUpTest, ScorersRunSideBySide) {
  first_.Block();
  second_.Block();
  std::thread release([this] {
    first_.AwaitBegun(1);  // Neither can end before the other has begun.
    second_.AwaitBegun(1);
    clock_.Advance(absl::Seconds(2));
    first_.Release();
    second_.Release();
  });
  const absl::StatusOr<double> rate = Run(1000);
  release.join();
  ASSERT_OK(rate);
  EXPECT_NEAR(*rate, 1000, 50);  // Two passes of 1000 tokens in two seconds.
}

TEST_F(WarmUpTest, ADeviceThatFailsIsNamed) {
  second_.RunOutOfMemoryAboveTokens(999);
  EXPECT_THAT(Run(2000),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       AllOf(HasSubstr("first forward pass on cpu"), HasSubstr("out of memory"))));
}

TEST_F(WarmUpTest, WithoutTokensThePassIsShort) {
  ASSERT_OK(Run(0));
  EXPECT_EQ(first_.Scored().size(), 1);
  EXPECT_LT(first_.Scored()[0].size(), 50);
}

}  // namespace
}  // namespace assay
