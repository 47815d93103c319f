// server/observers.h
// Tells several observers what one was told, in their order. Thread-safe, as they are.
#ifndef ASSAY_SERVER_OBSERVERS_H_
#define ASSAY_SERVER_OBSERVERS_H_

#include <utility>
#include <vector>

#include "server/observer.h"

namespace assay {

class Observers : public Observer {
 public:
  // Borrows them; they must outlive it.
  explicit Observers(std::vector<Observer*> observers) : observers_(std::move(observers)) {}

  void OnRequest(const RequestRecord& request) override {
    for (Observer* observer : observers_) observer->OnRequest(request);
  }
  void OnBatch(const BatchRecord& batch) override {
    for (Observer* observer : observers_) observer->OnBatch(batch);
  }
  void OnRefusal(Refusal reason) override {
    for (Observer* observer : observers_) observer->OnRefusal(reason);
  }
  void OnDeadlineMissed(DeadlineStage stage) override {
    for (Observer* observer : observers_) observer->OnDeadlineMissed(stage);
  }

 private:
  const std::vector<Observer*> observers_;
};

}  // namespace assay

#endif  // ASSAY_SERVER_OBSERVERS_H_
