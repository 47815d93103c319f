#include "tests/testing/builders.h"

#include <gmock/gmock.h>

#include <thread>

namespace assay::testing {
namespace {

using ::testing::ElementsAre;

TEST(BuildersTest, AGroupHasTheTokensAskedForAndNoneTwice) {
  const PromptGroup group = GroupOf(2, {1, 3}, 10);
  EXPECT_THAT(group.prefix, ElementsAre(10, 11));
  EXPECT_THAT(group.responses[0].tokens, ElementsAre(12));
  EXPECT_THAT(group.responses[1].tokens, ElementsAre(13, 14, 15));
}

TEST(BuildersTest, AnExpectedScoreIsWhatTheFakesMakeOfTheTexts) {
  const PipelineRequest request = RequestOf("prompt", {"response"});
  const auto encoded = FakeEncoder().Encode(request.prompt, request.responses, {});
  FakeScorer scorer;
  EXPECT_EQ(scorer.ScoreBatch({&encoded->group, 1})[0]->score, ExpectedScore("prompt", "response"));
}

TEST(MailboxTest, AwaitReturnsWhatOtherThreadsPut) {
  Mailbox<int> mailbox;
  std::thread sender([&] {
    mailbox.Put(1);
    mailbox.Put(2);
  });
  EXPECT_THAT(mailbox.Await(2), ElementsAre(1, 2));
  sender.join();
}

}  // namespace
}  // namespace assay::testing
