#include "server/scoring_pipeline.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/testing/builders.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/fake_encoder.h"
#include "tests/testing/fake_scorer.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using testing::ExpectedScore;
using testing::FakeClock;
using testing::FakeEncoder;
using testing::FakeScorer;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::Mailbox;
using testing::RequestOf;
using testing::StatusIs;

using Answers = Mailbox<absl::StatusOr<ScoredRequest>>;

class ScoringPipelineTest : public ::testing::Test {
 protected:
  void Start(const PipelineOptions& options) {
    pipeline_ = std::make_unique<ScoringPipeline>(options, &clock_, &encoder_,
                                                  std::vector<Scorer*>{&scorer_});
  }

  ~ScoringPipelineTest() override {
    encoder_.Release();
    scorer_.Release();
  }

  ScoredRequestCallback To(Answers& answers) {
    return [&answers](absl::StatusOr<ScoredRequest> scored) { answers.Put(std::move(scored)); };
  }

  // The one answer to `request`.
  absl::StatusOr<ScoredRequest> Ask(PipelineRequest request) {
    Answers answers;
    pipeline_->Submit(std::move(request), To(answers));
    return answers.Await(1)[0];
  }

  FakeClock clock_;
  FakeEncoder encoder_;
  FakeScorer scorer_;
  Answers answers_;
  std::unique_ptr<ScoringPipeline> pipeline_;
};

TEST_F(ScoringPipelineTest, EveryResponseGetsItsOwnScoreInOrder) {
  Start({});
  ASSERT_OK_AND_ASSIGN(const ScoredRequest scored, Ask(RequestOf("p", {"a", "bb", ""})));
  ASSERT_EQ(scored.results.size(), 3);
  EXPECT_EQ(scored.results[0]->score.score, ExpectedScore("p", "a"));
  EXPECT_EQ(scored.results[1]->score.score, ExpectedScore("p", "bb"));
  EXPECT_EQ(scored.results[2]->score.score, ExpectedScore("p", ""));
  EXPECT_EQ(scored.results[1]->input_tokens, 5);
  EXPECT_EQ(pipeline_->state().requests, 1);
}

TEST_F(ScoringPipelineTest, ResponsesThatCannotBeEncodedFailAlone) {
  Start({});
  ASSERT_OK_AND_ASSIGN(const ScoredRequest scored,
                       Ask(RequestOf("p", {"refused", "a", "refused"})));
  EXPECT_THAT(scored.results[0], StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(scored.results[1]->score.score, ExpectedScore("p", "a"));
  EXPECT_THAT(scored.results[2], StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(ScoringPipelineTest, ARequestOfWhichNothingCanBeEncodedIsAnsweredWithoutADevice) {
  Start({});
  ASSERT_OK_AND_ASSIGN(const ScoredRequest scored, Ask(RequestOf("p", {"refused"})));
  EXPECT_THAT(scored.results[0], StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(pipeline_->state().scheduler.counters.batches, 0);
}

TEST_F(ScoringPipelineTest, AnEncodersRefusalOfTheGroupFailsTheRequest) {
  Start({});
  PipelineRequest request = RequestOf("p", {"a"});
  request.prompt[0].role = "refused";
  EXPECT_THAT(Ask(std::move(request)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("prompt[0].role")));
}

TEST_F(ScoringPipelineTest, ATruncatedResponseSaysHowMuchWasCut) {
  Start({});
  PipelineRequest request = RequestOf("p", {"abcdef"});
  request.encode = {.truncation = Truncation::kKeepEnd, .max_tokens = 5};
  ASSERT_OK_AND_ASSIGN(const ScoredRequest scored, Ask(std::move(request)));
  EXPECT_EQ(scored.results[0]->input_tokens, 5);
  EXPECT_EQ(scored.results[0]->truncated_tokens, 4);
}

TEST_F(ScoringPipelineTest, ARequestLargerThanABatchIsSplitAndPutTogetherAgain) {
  Start({.batching = {.queue = {.budget = {.max_tokens = 20}}}});
  std::vector<std::string> responses;
  for (int i = 0; i < 40; ++i) responses.push_back(std::string(i % 9, 'a' + i % 20));
  ASSERT_OK_AND_ASSIGN(const ScoredRequest scored, Ask(RequestOf("prompt", responses)));
  for (size_t i = 0; i < responses.size(); ++i) {
    EXPECT_EQ(scored.results[i]->score.score, ExpectedScore("prompt", responses[i])) << i;
  }
  EXPECT_GT(pipeline_->state().scheduler.counters.batches, 10);
}

TEST_F(ScoringPipelineTest, StageTimesAreThoseOfTheClock) {
  Start({.encoder_threads = 1});
  scorer_.Block();
  Answers running;
  Answers first;
  Answers second;
  pipeline_->Submit(RequestOf("p", {"0"}), To(running));
  scorer_.AwaitBegun(1);
  encoder_.Block();
  pipeline_->Submit(RequestOf("p", {"a"}), To(first));
  encoder_.AwaitBegun(2);
  pipeline_->Submit(RequestOf("p", {"b"}), To(second));
  clock_.Advance(absl::Seconds(2));  // The first is being encoded, the second waits for that.
  encoder_.Release();
  while (pipeline_->state().scheduler.queued_tokens < 8) std::this_thread::yield();
  clock_.Advance(absl::Seconds(3));  // Both are queued.
  scorer_.Release();
  const StageDurations zero = running.Await(1)[0]->times;
  EXPECT_EQ(zero.queue, absl::ZeroDuration());
  EXPECT_EQ(zero.forward, absl::Seconds(5));
  const StageDurations one = first.Await(1)[0]->times;
  EXPECT_EQ(one.wait_encode, absl::ZeroDuration());
  EXPECT_EQ(one.encode, absl::Seconds(2));
  EXPECT_EQ(one.queue, absl::Seconds(3));
  EXPECT_EQ(one.forward, absl::ZeroDuration());
  const StageDurations two = second.Await(1)[0]->times;
  EXPECT_EQ(two.wait_encode, absl::Seconds(2));
  EXPECT_EQ(two.encode, absl::ZeroDuration());
  EXPECT_EQ(two.queue, absl::Seconds(3));
}

TEST_F(ScoringPipelineTest, ARequestPastItsDeadlineIsRefusedAtOnce) {
  Start({});
  PipelineRequest request = RequestOf("p", {"a"});
  request.waiter.deadline = clock_.Now();
  EXPECT_THAT(Ask(std::move(request)), StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_EQ(pipeline_->state().requests, 0);
}

TEST_F(ScoringPipelineTest, WhatDiesWhileItWaitsForAnEncoderIsNotEncoded) {
  Start({.encoder_threads = 1});
  encoder_.Block();
  Answers busy;
  Answers late;
  Answers gone;
  pipeline_->Submit(RequestOf("p", {"a"}), To(busy));
  encoder_.AwaitBegun(1);
  PipelineRequest hurried = RequestOf("p", {"late"});
  hurried.waiter.deadline = clock_.Now() + absl::Seconds(1);
  pipeline_->Submit(std::move(hurried), To(late));
  PipelineRequest abandoned = RequestOf("p", {"gone"});
  abandoned.waiter.cancelled = std::make_shared<std::atomic<bool>>(false);
  const CancelFlag flag = abandoned.waiter.cancelled;
  pipeline_->Submit(std::move(abandoned), To(gone));
  flag->store(true);
  clock_.Advance(absl::Seconds(1));
  encoder_.Release();
  EXPECT_THAT(late.Await(1)[0], StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(gone.Await(1)[0], StatusIs(absl::StatusCode::kCancelled));
  EXPECT_OK(busy.Await(1)[0]);
  EXPECT_EQ(scorer_.Scored().size(), 1);
}

TEST_F(ScoringPipelineTest, ADeadlineThatPassesInTheQueueFailsTheWholeRequest) {
  Start({.batching = {.queue = {.budget = {.max_tokens = 4}}}});
  scorer_.Block();
  PipelineRequest request = RequestOf("p", {"a", "b", "c"});  // Three tasks.
  request.waiter.deadline = clock_.Now() + absl::Seconds(1);
  pipeline_->Submit(std::move(request), To(answers_));
  scorer_.AwaitBegun(1);
  clock_.Advance(absl::Seconds(1));
  scorer_.Release();
  EXPECT_THAT(answers_.Await(1)[0], StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_EQ(scorer_.Scored().size(), 1);
}

TEST_F(ScoringPipelineTest, TooMuchWaitingTextIsRefused) {
  Start({.encoder_threads = 1, .max_waiting_bytes = 3000});
  encoder_.Block();
  pipeline_->Submit(RequestOf("p", {"a"}), To(answers_));
  encoder_.AwaitBegun(1);
  pipeline_->Submit(RequestOf("p", {"b"}), To(answers_));
  EXPECT_THAT(Ask(RequestOf("p", {std::string(1000, 'c')})),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("3000 bytes")));
  encoder_.Release();
  for (const auto& answer : answers_.Await(2)) EXPECT_OK(answer);
}

TEST_F(ScoringPipelineTest, AFullTokenQueueRefusesTheRequestAndItsTasksNeverRun) {
  Start({.batching = {.queue = {.budget = {.max_tokens = 5}, .max_queued_tokens = 10}}});
  scorer_.Block();
  pipeline_->Submit(RequestOf("p", {"a"}), To(answers_));
  scorer_.AwaitBegun(1);
  pipeline_->Submit(RequestOf("p", {"bbb"}), To(answers_));
  while (pipeline_->state().scheduler.queued_tokens == 0) std::this_thread::yield();
  EXPECT_THAT(Ask(RequestOf("p", {"ccc", "ddd"})), StatusIs(absl::StatusCode::kResourceExhausted));
  scorer_.Release();
  for (const auto& answer : answers_.Await(2)) EXPECT_OK(answer);
  EXPECT_EQ(scorer_.Scored().size(), 2);
}

TEST_F(ScoringPipelineTest, AnEqualConversationInFlightIsNotComputedAgain) {
  Start({});
  scorer_.Block();
  Answers busy;
  pipeline_->Submit(RequestOf("busy", {"x"}), To(busy));
  scorer_.AwaitBegun(1);
  Answers first;
  Answers second;
  pipeline_->Submit(RequestOf("p", {"a", "b"}), To(first));
  while (pipeline_->state().scheduler.queued_tasks == 0) std::this_thread::yield();
  pipeline_->Submit(RequestOf("p", {"b", "c"}), To(second));
  while (pipeline_->state().scheduler.queued_tasks < 2) std::this_thread::yield();
  scorer_.Release();
  ASSERT_OK_AND_ASSIGN(const ScoredRequest one, first.Await(1)[0]);
  ASSERT_OK_AND_ASSIGN(const ScoredRequest two, second.Await(1)[0]);
  EXPECT_EQ(one.results[1]->score.score, ExpectedScore("p", "b"));
  EXPECT_EQ(two.results[0]->score.score, ExpectedScore("p", "b"));
  EXPECT_EQ(two.results[1]->score.score, ExpectedScore("p", "c"));
  EXPECT_EQ(scorer_.Scored().size(), 4);  // x, a, b, c.
  EXPECT_EQ(pipeline_->state().coalesced_responses, 1);
}

TEST_F(ScoringPipelineTest, AnEqualConversationGoesOnWhenTheOneItJoinedIsCancelled) {
  Start({});
  scorer_.Block();
  Answers busy;
  pipeline_->Submit(RequestOf("busy", {"x"}), To(busy));
  scorer_.AwaitBegun(1);
  Answers first;
  Answers second;
  PipelineRequest abandoned = RequestOf("p", {"a"});
  const CancelFlag flag = abandoned.waiter.cancelled = std::make_shared<std::atomic<bool>>(false);
  pipeline_->Submit(std::move(abandoned), To(first));
  while (pipeline_->state().scheduler.queued_tasks == 0) std::this_thread::yield();
  pipeline_->Submit(RequestOf("p", {"a"}), To(second));
  while (pipeline_->state().coalesced_responses == 0) std::this_thread::yield();
  flag->store(true);
  scorer_.Release();
  EXPECT_THAT(first.Await(1)[0], StatusIs(absl::StatusCode::kCancelled));
  ASSERT_OK_AND_ASSIGN(const ScoredRequest scored, second.Await(1)[0]);
  EXPECT_EQ(scored.results[0]->score.score, ExpectedScore("p", "a"));
}

TEST_F(ScoringPipelineTest, NothingIsSharedBetweenTenants) {
  Start({.result_cache_bytes = 1 << 20});
  ASSERT_OK(Ask(RequestOf("p", {"a"})));
  PipelineRequest other = RequestOf("p", {"a"});
  other.flow.tenant = "other";
  ASSERT_OK(Ask(std::move(other)));
  EXPECT_EQ(scorer_.Scored().size(), 2);
}

TEST_F(ScoringPipelineTest, AKeptResultIsAnsweredWithoutADevice) {
  Start({.result_cache_bytes = 1 << 20});
  ASSERT_OK(Ask(RequestOf("p", {"a", "b"})));
  ASSERT_OK_AND_ASSIGN(const ScoredRequest again, Ask(RequestOf("p", {"b", "c"})));
  EXPECT_EQ(again.results[0]->score.score, ExpectedScore("p", "b"));
  EXPECT_EQ(again.results[0]->input_tokens, 4);
  EXPECT_EQ(again.results[1]->score.score, ExpectedScore("p", "c"));
  EXPECT_EQ(scorer_.Scored().size(), 3);
  EXPECT_EQ(pipeline_->state().cached_responses, 1);
}

TEST_F(ScoringPipelineTest, AFailureIsNotKept) {
  Start({.result_cache_bytes = 1 << 20});
  scorer_.RunOutOfMemoryAbove(0);
  ASSERT_OK_AND_ASSIGN(const ScoredRequest failed, Ask(RequestOf("p", {"a"})));
  EXPECT_THAT(failed.results[0], StatusIs(absl::StatusCode::kResourceExhausted));
  scorer_.RunOutOfMemoryAbove(100);
  ASSERT_OK_AND_ASSIGN(const ScoredRequest scored, Ask(RequestOf("p", {"a"})));
  EXPECT_OK(scored.results[0]);
}

TEST_F(ScoringPipelineTest, AScoreThatComesAfterItsDeadlineIsNotSent) {
  class Missed : public Observer {
   public:
    void OnRequest(const RequestRecord&) override {}
    void OnBatch(const BatchRecord&) override {}
    void OnRefusal(Refusal) override {}
    void OnDeadlineMissed(DeadlineStage stage) override { stages.Put(stage); }
    Mailbox<DeadlineStage> stages;
  };
  Missed missed;
  Start({.observer = &missed});
  scorer_.Block();
  PipelineRequest request = RequestOf("p", {"a"});
  request.waiter.deadline = clock_.Now() + absl::Seconds(1);
  pipeline_->Submit(std::move(request), To(answers_));
  scorer_.AwaitBegun(1);
  clock_.Advance(absl::Seconds(1));
  scorer_.Release();
  EXPECT_THAT(answers_.Await(1)[0], StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_EQ(missed.stages.Await(1)[0], DeadlineStage::kReply);
}

TEST_F(ScoringPipelineTest, DrainAnswersWhatWaitsAtEveryStageAndRefusesTheRest) {
  Start({.encoder_threads = 1});
  scorer_.Block();
  pipeline_->Submit(RequestOf("p", {"0"}), To(answers_));
  scorer_.AwaitBegun(1);
  encoder_.Block();
  for (int i = 1; i < 30; ++i) pipeline_->Submit(RequestOf("p", {absl::StrCat(i)}), To(answers_));
  encoder_.AwaitBegun(2);
  std::thread drain([&] { pipeline_->Drain(absl::InfiniteFuture()); });
  Answers refused;  // Whether before or after the drain began, each gets an answer.
  pipeline_->Submit(RequestOf("p", {"x"}), To(refused));
  encoder_.Release();
  scorer_.Release();
  drain.join();
  ASSERT_EQ(answers_.size(), 30);
  for (const auto& answer : answers_.Await(30)) EXPECT_OK(answer);
  EXPECT_EQ(refused.size(), 1);
  EXPECT_THAT(Ask(RequestOf("p", {"y"})), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(ScoringPipelineTest, WhatHasNotBegunByTheDrainsDeadlineIsAnsweredUnavailable) {
  Start({.encoder_threads = 1});
  encoder_.Block();
  for (int i = 0; i < 10; ++i) pipeline_->Submit(RequestOf("p", {absl::StrCat(i)}), To(answers_));
  encoder_.AwaitBegun(1);
  std::thread drain([&] { pipeline_->Drain(clock_.Now()); });
  Answers
      probes;  // Refused at once when the drain has begun; those before that are answered by it.
  size_t submitted = 0;
  while (probes.size() == 0) {
    pipeline_->Submit(RequestOf("p", {"probe"}), To(probes));
    ++submitted;
    std::this_thread::yield();
  }
  encoder_.Release();
  drain.join();
  EXPECT_EQ(probes.size(), submitted);
  for (const auto& answer : probes.Await(submitted)) {
    EXPECT_THAT(answer, StatusIs(absl::StatusCode::kUnavailable));
  }
  // All but the one that was past that point already.
  EXPECT_EQ(answers_.size(), 10);
  const auto answers = answers_.Await(10);
  EXPECT_GE(std::count_if(answers.begin(), answers.end(),
                          [](const auto& answer) { return absl::IsUnavailable(answer.status()); }),
            9);
}

TEST_F(ScoringPipelineTest, ManyThreadsSubmittingGetEachAnswerOnceAndTheRightOne) {
  constexpr int kThreads = 8;
  constexpr int kRequests = 100;
  Start({.encoder_threads = 3, .batching = {.queue = {.budget = {.max_tokens = 40}}}});
  std::atomic<int> right = 0;
  Answers answers;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kRequests; ++i) {
        const std::string prompt = absl::StrCat("prompt ", t, " ", i % 5);
        const std::vector<std::string> responses = {absl::StrCat("a", i), absl::StrCat("bb", t)};
        pipeline_->Submit(RequestOf(prompt, responses), [&, prompt, responses](
                                                            absl::StatusOr<ScoredRequest> scored) {
          bool good = scored.ok() && scored->results.size() == responses.size();
          for (size_t k = 0; good && k < responses.size(); ++k) {
            good = scored->results[k]->score.score == ExpectedScore(prompt, responses[k]);
          }
          if (good) ++right;
          answers.Put(std::move(scored));
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  pipeline_->Drain(absl::InfiniteFuture());
  EXPECT_EQ(answers.size(), kThreads * kRequests);
  EXPECT_EQ(right, kThreads * kRequests);
}

}  // namespace
}  // namespace assay
