#include "server/observers.h"

#include <gmock/gmock.h>

#include <string>

namespace assay {
namespace {

using ::testing::ElementsAre;

class Writer : public Observer {
 public:
  Writer(std::string name, std::vector<std::string>* heard)
      : name_(std::move(name)), heard_(heard) {}

  void OnRequest(const RequestRecord& request) override {
    heard_->push_back(name_ + " request " + std::string(request.method));
  }
  void OnBatch(const BatchRecord& batch) override {
    heard_->push_back(name_ + " batch " + std::string(batch.device));
  }
  void OnRefusal(Refusal reason) override {
    heard_->push_back(name_ + (reason == Refusal::kTooSlow ? " too slow" : " else"));
  }
  void OnDeadlineMissed(DeadlineStage stage) override {
    heard_->push_back(name_ + (stage == DeadlineStage::kReply ? " reply" : " else"));
  }

 private:
  const std::string name_;
  std::vector<std::string>* const heard_;
};

TEST(ObserversTest, EachHearsEverythingInTurn) {
  std::vector<std::string> heard;
  Writer a("a", &heard);
  Writer b("b", &heard);
  Observers both({&a, &b});
  RequestRecord request;
  request.method = "Score";
  both.OnRequest(request);
  BatchRecord batch;
  batch.device = "cpu";
  both.OnBatch(batch);
  both.OnRefusal(Refusal::kTooSlow);
  both.OnDeadlineMissed(DeadlineStage::kReply);
  EXPECT_THAT(heard, ElementsAre("a request Score", "b request Score", "a batch cpu", "b batch cpu",
                                 "a too slow", "b too slow", "a reply", "b reply"));
}

}  // namespace
}  // namespace assay
