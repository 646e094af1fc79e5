//! The fields of medicine.

use crate::choice::choice;

choice! {
    /// The field of medicine that a doctor works in.
    pub enum Specialization {
        /// General practice.
        General = "general",
        /// The heart.
        Cardiology = "cardiology",
        /// The skin.
        Dermatology = "dermatology",
        /// Hormones.
        Endocrinology = "endocrinology",
        /// The digestive organs.
        Gastroenterology = "gastroenterology",
        /// The blood.
        Hematology = "hematology",
        /// Infections.
        InfectiousDisease = "infectious_disease",
        /// The inner organs of adults.
        InternalMedicine = "internal_medicine",
        /// The kidneys.
        Nephrology = "nephrology",
        /// The nervous system.
        Neurology = "neurology",
        /// Pregnancy, birth and the female organs.
        ObstetricsGynecology = "obstetrics_gynecology",
        /// Cancer.
        Oncology = "oncology",
        /// The eyes.
        Ophthalmology = "ophthalmology",
        /// Bones and joints.
        Orthopedics = "orthopedics",
        /// Children.
        Pediatrics = "pediatrics",
        /// The mind.
        Psychiatry = "psychiatry",
        /// The lungs.
        Pulmonology = "pulmonology",
        /// Images of the body.
        Radiology = "radiology",
        /// Rheumatic diseases.
        Rheumatology = "rheumatology",
        /// Operations.
        Surgery = "surgery",
        /// The urinary organs.
        Urology = "urology",
        /// A field that is not in this list.
        Other = "other",
    }
}
