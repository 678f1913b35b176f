"""SMS of each era as it answers, in the shapes of sms-contract §1, 3, 4 and 5, without any SMS."""
